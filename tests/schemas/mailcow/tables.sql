-- The tables of mailcow (2026-08) that name domains, mailboxes, aliases and who may send as whom: names and types as its
-- data/web/inc/init_db.inc.php makes them (github.com/mailcow/mailcow-dockerized), written anew. mailcow has MariaDB alone.
-- What the queries of the schema do not read stands here too: the guide says of each column what becomes of it.

CREATE TABLE domain (
	domain VARCHAR(255) NOT NULL PRIMARY KEY,
	description VARCHAR(255),
	aliases INT NOT NULL DEFAULT 0,
	mailboxes INT NOT NULL DEFAULT 0,
	defquota BIGINT NOT NULL DEFAULT 3072,
	maxquota BIGINT NOT NULL DEFAULT 102400,
	quota BIGINT NOT NULL DEFAULT 102400,
	relayhost VARCHAR(255) NOT NULL DEFAULT '0',
	backupmx TINYINT(1) NOT NULL DEFAULT 0,
	gal TINYINT(1) NOT NULL DEFAULT 1,
	relay_all_recipients TINYINT(1) NOT NULL DEFAULT 0,
	relay_unknown_only TINYINT(1) NOT NULL DEFAULT 0,
	created DATETIME NOT NULL DEFAULT NOW(),
	modified DATETIME,
	active TINYINT(1) NOT NULL DEFAULT 1
) CHARACTER SET utf8mb4;

CREATE TABLE alias_domain (
	alias_domain VARCHAR(255) NOT NULL PRIMARY KEY,
	target_domain VARCHAR(255) NOT NULL,
	created DATETIME NOT NULL DEFAULT NOW(),
	modified DATETIME,
	active TINYINT(1) NOT NULL DEFAULT 1,
	KEY target_domain (target_domain)
) CHARACTER SET utf8mb4;

CREATE TABLE mailbox (
	username VARCHAR(255) NOT NULL PRIMARY KEY,
	password VARCHAR(255) NOT NULL DEFAULT '',
	name VARCHAR(255),
	description VARCHAR(255),
	mailbox_path_prefix VARCHAR(150) DEFAULT '/var/vmail/',
	quota BIGINT NOT NULL DEFAULT 102400,
	local_part VARCHAR(255) NOT NULL,
	domain VARCHAR(255) NOT NULL,
	attributes JSON,
	custom_attributes JSON NOT NULL DEFAULT ('{}'),
	kind VARCHAR(100) NOT NULL DEFAULT '',
	multiple_bookings INT NOT NULL DEFAULT -1,
	authsource ENUM('mailcow', 'keycloak', 'generic-oidc', 'ldap') DEFAULT 'mailcow',
	created DATETIME NOT NULL DEFAULT NOW(),
	modified DATETIME,
	active TINYINT(1) NOT NULL DEFAULT 1,
	KEY domain (domain)
) CHARACTER SET utf8mb4;

CREATE TABLE alias (
	id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	address VARCHAR(255) NOT NULL UNIQUE,
	goto TEXT NOT NULL,
	domain VARCHAR(255) NOT NULL,
	created DATETIME NOT NULL DEFAULT NOW(),
	modified DATETIME,
	private_comment TEXT,
	public_comment TEXT,
	sogo_visible TINYINT(1) NOT NULL DEFAULT 1,
	internal TINYINT(1) NOT NULL DEFAULT 0,
	sender_allowed TINYINT(1) NOT NULL DEFAULT 1, -- since January 2026
	active TINYINT(1) NOT NULL DEFAULT 1,
	KEY domain (domain)
) CHARACTER SET utf8mb4;

CREATE TABLE sender_acl (
	id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	logged_in_as VARCHAR(255) NOT NULL,
	send_as VARCHAR(255) NOT NULL,
	external TINYINT(1) NOT NULL DEFAULT 0
) CHARACTER SET utf8mb4;

CREATE TABLE spamalias (
	address VARCHAR(255) NOT NULL PRIMARY KEY,
	goto TEXT NOT NULL,
	description TEXT NOT NULL DEFAULT '',
	created DATETIME NOT NULL DEFAULT NOW(),
	modified DATETIME,
	validity INT,
	permanent TINYINT(1) NOT NULL DEFAULT 0
) CHARACTER SET utf8mb4;

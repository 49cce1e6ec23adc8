-- The tables of PostfixAdmin 4.0 that name domains, mailboxes and aliases: names and types as its public/upgrade.php
-- makes them (github.com/postfixadmin/postfixadmin), written anew, in words that MariaDB and PostgreSQL both take.
-- What the queries of the schema do not read stands here too: the guide says of each column what becomes of it.

CREATE TABLE domain (
	domain VARCHAR(255) NOT NULL PRIMARY KEY,
	description VARCHAR(255) NOT NULL DEFAULT '',
	aliases INTEGER NOT NULL DEFAULT 0,
	mailboxes INTEGER NOT NULL DEFAULT 0,
	maxquota BIGINT NOT NULL DEFAULT 0,
	quota BIGINT NOT NULL DEFAULT 0,
	transport VARCHAR(255) NOT NULL DEFAULT 'virtual',
	backupmx BOOLEAN NOT NULL DEFAULT FALSE,
	created TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	modified TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	active BOOLEAN NOT NULL DEFAULT TRUE,
	password_expiry INTEGER DEFAULT 0
);

CREATE TABLE alias_domain (
	alias_domain VARCHAR(255) NOT NULL PRIMARY KEY,
	target_domain VARCHAR(255) NOT NULL DEFAULT '',
	description VARCHAR(255) NOT NULL DEFAULT '',
	created TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	modified TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	active BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE mailbox (
	username VARCHAR(255) NOT NULL PRIMARY KEY,
	password VARCHAR(255) NOT NULL DEFAULT '',
	name VARCHAR(255) NOT NULL DEFAULT '',
	maildir VARCHAR(255) NOT NULL DEFAULT '',
	quota BIGINT NOT NULL DEFAULT 0,
	local_part VARCHAR(255) NOT NULL,
	domain VARCHAR(255) NOT NULL,
	created TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	modified TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	active BOOLEAN NOT NULL DEFAULT TRUE,
	phone VARCHAR(30) NOT NULL DEFAULT '',
	email_other VARCHAR(255) NOT NULL DEFAULT '',
	token VARCHAR(255) NOT NULL DEFAULT '',
	token_validity TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	password_expiry TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	totp_secret VARCHAR(255) DEFAULT NULL,
	smtp_active BOOLEAN NOT NULL DEFAULT TRUE -- since 4.0
);

CREATE TABLE alias (
	address VARCHAR(255) NOT NULL PRIMARY KEY,
	goto TEXT NOT NULL,
	domain VARCHAR(255) NOT NULL,
	description VARCHAR(255) NOT NULL DEFAULT '',
	created TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	modified TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
	active BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE admin_domain (name TEXT PRIMARY KEY, enabled INTEGER DEFAULT 1, type TEXT DEFAULT 'domain');
CREATE TABLE core_user (id INTEGER PRIMARY KEY, email TEXT, password TEXT, is_active INTEGER DEFAULT 1);
CREATE TABLE admin_alias (address TEXT, target TEXT, enabled INTEGER DEFAULT 1);
CREATE TABLE admin_senderaddress (address TEXT, mailbox TEXT);
CREATE TABLE maintenance (address TEXT, action TEXT);

INSERT INTO admin_domain (name) VALUES ('example.test');
INSERT INTO core_user (email, password) VALUES
    ('alice@example.test', '{PLAIN}right-password'), ('bob@example.test', '{PLAIN}right-password'),
    ('carol@example.test', '{PLAIN}right-password'), ('team@example.test', '{PLAIN}!'), ('moved@example.test', '{PLAIN}!');
INSERT INTO admin_alias (address, target) VALUES ('postmaster@example.test', 'bob@example.test');
INSERT INTO admin_senderaddress VALUES ('team@example.test', 'alice@example.test');
INSERT INTO maintenance VALUES ('moved@example.test', '450 4.2.1 mailbox is being moved');

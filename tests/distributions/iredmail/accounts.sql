CREATE TABLE domain (domain TEXT PRIMARY KEY, transport TEXT, backupmx INTEGER DEFAULT 0, active INTEGER DEFAULT 1);
CREATE TABLE mailbox (
    username TEXT PRIMARY KEY, password TEXT, domain TEXT, quota INTEGER DEFAULT 100, active INTEGER DEFAULT 1,
    enableimap INTEGER DEFAULT 1, enableimapsecured INTEGER DEFAULT 1, enableimaptls INTEGER DEFAULT 1,
    enablepop3 INTEGER DEFAULT 1, enablepop3secured INTEGER DEFAULT 1, enablepop3tls INTEGER DEFAULT 1,
    enablesmtp INTEGER DEFAULT 1, enablesmtpsecured INTEGER DEFAULT 1, enablesmtptls INTEGER DEFAULT 1,
    enablesieve INTEGER DEFAULT 1, enablesievesecured INTEGER DEFAULT 1, enablesievetls INTEGER DEFAULT 1,
    enablelmtp INTEGER DEFAULT 1, enabledoveadm INTEGER DEFAULT 1, `enablequota-status` INTEGER DEFAULT 1);
CREATE TABLE forwardings (address TEXT, forwarding TEXT, active INTEGER DEFAULT 1);

INSERT INTO domain (domain, transport) VALUES ('example.test', 'lmtp:unix:private/dovecot-lmtp');
INSERT INTO mailbox (username, password, domain) VALUES
    ('alice@example.test', '{PLAIN}right-password', 'example.test'),
    ('bob@example.test', '{PLAIN}right-password', 'example.test'),
    ('carol@example.test', '{PLAIN}right-password', 'example.test'),
    ('dave@example.test', '{PLAIN}right-password', 'example.test'),
    ('erin@example.test', '{PLAIN}right-password', 'example.test');
UPDATE mailbox SET enablesmtp = 0, enablesmtpsecured = 0, enablesmtptls = 0 WHERE username = 'dave@example.test';
UPDATE mailbox SET enablepop3 = 0, enablepop3secured = 0, enablepop3tls = 0 WHERE username = 'erin@example.test';
INSERT INTO forwardings (address, forwarding) VALUES ('postmaster@example.test', 'bob@example.test');

CREATE TABLE alias (address TEXT, goto TEXT);
CREATE TABLE sender_acl (logged_in_as TEXT, send_as TEXT);
CREATE TABLE mailbox (username TEXT PRIMARY KEY, domain TEXT, active INTEGER DEFAULT 1, tls_enforce_in INTEGER DEFAULT 0);

INSERT INTO mailbox (username, domain) VALUES
    ('alice@example.test', 'example.test'), ('bob@example.test', 'example.test'), ('carol@example.test', 'example.test'),
    ('team@example.test', 'example.test'), ('bob-tls@example.test', 'example.test');
UPDATE mailbox SET tls_enforce_in = 1 WHERE username = 'bob-tls@example.test';
INSERT INTO alias VALUES ('postmaster@example.test', 'bob@example.test'), ('bob-tls@example.test', 'bob@example.test');
INSERT INTO sender_acl VALUES ('alice@example.test', 'team@example.test');

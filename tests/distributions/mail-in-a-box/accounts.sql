CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, password TEXT, quota TEXT DEFAULT '0', privileges TEXT DEFAULT '');
CREATE TABLE aliases (source TEXT, destination TEXT, permitted_senders TEXT);
INSERT INTO users (email, password) VALUES
    ('alice@example.test', '{PLAIN}right-password'), ('bob@example.test', '{PLAIN}right-password'),
    ('carol@example.test', '{PLAIN}right-password'), ('team@example.test', '{PLAIN}!'), ('grey@example.test', '{PLAIN}!');
INSERT INTO aliases VALUES ('postmaster@example.test', 'bob@example.test', NULL);
INSERT INTO aliases VALUES ('team@example.test', 'bob@example.test', 'alice@example.test');

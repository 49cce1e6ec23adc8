-- A server with one of everything that its sender query knows.
INSERT INTO domain (domain, active) VALUES
	('example.test', 1), ('other.test', 1), ('catchall.test', 1), ('off.test', 0), ('xn--bcher-kva.test', 1);
INSERT INTO alias_domain (alias_domain, target_domain, active) VALUES
	('second.test', 'example.test', 1), ('idle.test', 'example.test', 0),
	('third.test', 'second.test', 1), ('ring.test', 'ring.test', 1);
INSERT INTO mailbox (username, local_part, domain, attributes, kind, active) VALUES
	('alice@example.test', 'alice', 'example.test', '{"imap_access": "1", "pop3_access": "0", "smtp_access": "1", "sieve_access": "1"}', '', 1),
	('bob@example.test', 'bob', 'example.test', '{"imap_access": 1, "pop3_access": 1, "smtp_access": 1, "sieve_access": 0}', '', 1),
	('carol@example.test', 'carol', 'example.test', '{}', '', 1),
	('dave@example.test', 'dave', 'example.test', '{}', '', 2),
	('erin@example.test', 'erin', 'example.test', '{}', '', 0),
	('frank@example.test', 'frank', 'example.test', '{"imap_access": "0", "smtp_access": "0"}', '', 1),
	('room@example.test', 'room', 'example.test', NULL, 'location', 1),
	('gina@off.test', 'gina', 'off.test', '{}', '', 1),
	('henry@example.test', 'henry', 'example.test', '{}', '', 1),
	('iris@example.test', 'iris', 'example.test', '{}', '', 1),
	('jan@xn--bcher-kva.test', 'jan', 'xn--bcher-kva.test', '{"imap_access": true, "pop3_access": false, "smtp_access": null, "sieve_access": "no"}', '', 1),
	('kim@example.test', 'kim', 'example.test', '{"imap_access": ["1"], "pop3_access": {}, "smtp_access": true, "sieve_access": "", "sogo_access": "0"}', '', 1);
INSERT INTO alias (address, goto, domain, active, sender_allowed)
	SELECT username, username, domain, active, 1 FROM mailbox;
INSERT INTO alias (address, goto, domain, active, sender_allowed) VALUES
	('info@example.test', 'alice@example.test', 'example.test', 1, 1),
	('receive@example.test', 'alice@example.test', 'example.test', 1, 0),
	('quiet@example.test', 'alice@example.test', 'example.test', 2, 1),
	('gone@example.test', 'alice@example.test', 'example.test', 0, 1),
	('team@example.test', 'alice@example.test,bob@example.test', 'example.test', 1, 1),
	('half@example.test', 'alice@example.test,someone@foreign.example', 'example.test', 1, 1),
	('silent@example.test', 'alice@example.test,bob@example.test', 'example.test', 1, 0),
	('away@example.test', 'someone@foreign.example', 'example.test', 1, 1),
	('nested@example.test', 'team@example.test', 'example.test', 1, 1),
	('nowhere@example.test', 'null@localhost', 'example.test', 1, 1),
	('office@example.test', 'carol@example.test', 'example.test', 1, 1),
	('bob@second.test', 'alice@example.test', 'second.test', 1, 1),
	('lent@example.test', 'alice@example.test', 'example.test', 1, 1),
	('old@off.test', 'alice@example.test', 'off.test', 1, 1),
	('alice+news@example.test', 'bob@example.test', 'example.test', 1, 1),
	('upper@example.test', 'ALICE@Example.TEST', 'example.test', 1, 1),
	('spaced@example.test', 'alice@example.test, bob@example.test', 'example.test', 1, 1),
	('junk@example.test', 'spam@localhost', 'example.test', 1, 1),
	('good@example.test', 'ham@localhost', 'example.test', 1, 1),
	('round@example.test', 'about@example.test', 'example.test', 1, 1),
	('about@example.test', 'round@example.test', 'example.test', 1, 1),
	('@catchall.test', 'alice@example.test', 'catchall.test', 1, 1);
INSERT INTO sender_acl (logged_in_as, send_as, external) VALUES
	('bob@example.test', 'carol@example.test', 0),
	('bob@example.test', 'partner@foreign.example', 1),
	('bob@example.test', 'free@example.test', 0),
	('carol@example.test', 'lent@example.test', 0),
	('kim@example.test', 'asked@example.test', 0),
	('henry@example.test', '*', 0),
	('iris@example.test', '@other.test', 0),
	('iris@example.test', '@example.test', 0),
	('kim@example.test', 'info@second.test', 0),
	('kim@example.test', 'BOB@Example.TEST', 0),
	('kim@example.test', '@idle.test', 0),
	('jan@xn--bcher-kva.test', '@xn--bcher-kva.test', 0),
	('gone@example.test', 'free@example.test', 0);
INSERT INTO spamalias (address, goto, validity, permanent) VALUES
	('temporary@example.test', 'alice@example.test', 2147483647, 0),
	('shown@example.test', 'carol@example.test', 2147483647, 0),
	('asked@example.test', 'carol@example.test', 2147483647, 0),
	('kim@second.test', 'alice@example.test', 2147483647, 0),
	('expired@example.test', 'alice@example.test', 1, 0),
	('forever@example.test', 'alice@example.test', NULL, 1);

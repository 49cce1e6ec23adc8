-- A server with one of everything that decides who sends and who logs in.
INSERT INTO domain (domain, active) VALUES ('example.test', TRUE), ('off.test', FALSE), ('xn--bcher-kva.test', TRUE),
	('second.test', TRUE), ('idle.test', TRUE), ('third.test', TRUE), ('ring.test', TRUE);
INSERT INTO alias_domain (alias_domain, target_domain, active) VALUES
	('second.test', 'example.test', TRUE), ('idle.test', 'example.test', FALSE),
	('third.test', 'second.test', TRUE), ('ring.test', 'ring.test', TRUE);
INSERT INTO mailbox (username, local_part, domain, active, smtp_active) VALUES
	('alice@example.test', 'alice', 'example.test', TRUE, TRUE),
	('bob@example.test', 'bob', 'example.test', TRUE, TRUE),
	('carol@example.test', 'carol', 'example.test', TRUE, FALSE),
	('dave@example.test', 'dave', 'example.test', FALSE, TRUE),
	('gina@off.test', 'gina', 'off.test', TRUE, TRUE),
	('jan@xn--bcher-kva.test', 'jan', 'xn--bcher-kva.test', TRUE, TRUE);
INSERT INTO alias (address, goto, domain)
	SELECT username, username, domain FROM mailbox;
UPDATE alias SET goto = 'bob@example.test,bob#example.test@autoreply.example.test' WHERE address = 'bob@example.test';
INSERT INTO alias (address, goto, domain, active) VALUES
	('info@example.test', 'alice@example.test', 'example.test', TRUE),
	('spaced@example.test', ' alice@example.test , ', 'example.test', TRUE),
	('gone@example.test', 'alice@example.test', 'example.test', FALSE),
	('team@example.test', 'alice@example.test,bob@example.test,someone@foreign.example', 'example.test', TRUE),
	('away@example.test', 'someone@foreign.example', 'example.test', TRUE),
	('nested@example.test', 'team@example.test', 'example.test', TRUE),
	('bob@second.test', 'alice@example.test', 'second.test', TRUE),
	('odd@example.test', '"a,b\c"@example.test,bob@example.test', 'example.test', TRUE),
	('alice+news@example.test', 'bob@example.test', 'example.test', TRUE),
	('upper@example.test', 'ALICE@Example.TEST', 'example.test', TRUE),
	('round@example.test', 'about@example.test', 'example.test', TRUE),
	('about@example.test', 'round@example.test', 'example.test', TRUE),
	('null@example.test', 'null@localhost', 'example.test', TRUE),
	('empty@example.test', '', 'example.test', TRUE),
	('pair@example.test', 'alice@example.test,alice@example.test', 'example.test', TRUE),
	('closed@off.test', 'alice@example.test', 'off.test', TRUE),
	('hers@ring.test', 'alice@example.test', 'ring.test', TRUE),
	('@example.test', 'alice@example.test', 'example.test', TRUE);

-- A server with one of everything that decides who sends and who logs in.
INSERT INTO domain (domain, active, backupmx) VALUES
	('example.test', 1, 0), ('off.test', 0, 0), ('backup.test', 1, 1), ('xn--bcher-kva.test', 1, 0);
UPDATE domain SET settings = 'default_user_quota:1024;disabled_mail_services:smtp,pop3;' WHERE domain = 'example.test';
INSERT INTO alias_domain (alias_domain, target_domain, active) VALUES
	('second.test', 'example.test', 1), ('idle.test', 'example.test', 0),
	('third.test', 'second.test', 1), ('ring.test', 'ring.test', 1);
INSERT INTO mailbox (username, domain, enablesmtp, enablesmtpsecured, enableimap, enableimapsecured, enableimaptls, enablepop3,
	enablepop3secured, enablepop3tls, enablesieve, enablesievesecured, enablesievetls, allow_nets, active) VALUES
	('alice@example.test', 'example.test', 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, NULL, 1),
	('bob@example.test', 'example.test', 1, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, '192.0.2.1/24, 198.51.100.7', 1),
	('carol@example.test', 'example.test', 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, '', 1),
	('dave@example.test', 'example.test', 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, NULL, 1),
	('erin@example.test', 'example.test', 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, NULL, 1),
	('frank@example.test', 'example.test', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, NULL, 0),
	('gina@off.test', 'off.test', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, NULL, 1),
	('heidi@backup.test', 'backup.test', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, NULL, 1),
	('ivan@example.test', 'example.test', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'local, 127.0.0.1', 1),
	('jan@xn--bcher-kva.test', 'xn--bcher-kva.test', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, NULL, 1);
INSERT INTO forwardings (address, forwarding, domain, is_forwarding)
	SELECT username, username, domain, 1 FROM mailbox;
INSERT INTO forwardings (address, forwarding, domain, is_forwarding) VALUES
	('alice@example.test', 'someone@foreign.example', 'example.test', 1),
	('example.test', 'alice@example.test', 'example.test', 0);
INSERT INTO forwardings (address, forwarding, domain, is_alias, active) VALUES
	('info@example.test', 'alice@example.test', 'example.test', 1, 1),
	('gone@example.test', 'alice@example.test', 'example.test', 1, 0),
	('both@example.test', 'alice@example.test', 'example.test', 1, 1),
	('both@example.test', 'bob@example.test', 'example.test', 1, 1),
	('half@example.test', 'alice@example.test', 'example.test', 1, 1),
	('half@example.test', 'someone@foreign.example', 'example.test', 1, 1),
	('away@example.test', 'someone@foreign.example', 'example.test', 1, 1),
	('alice+news@example.test', 'bob@example.test', 'example.test', 1, 1),
	('upper@example.test', 'ALICE@Example.TEST', 'example.test', 1, 1),
	('closed@off.test', 'alice@example.test', 'off.test', 1, 1);
INSERT INTO alias (address, domain, accesspolicy, active) VALUES
	('team@example.test', 'example.test', 'membersonly', 1),
	('one@example.test', 'example.test', 'public', 1),
	('old@example.test', 'example.test', 'public', 0);
INSERT INTO forwardings (address, forwarding, domain, is_list) VALUES
	('team@example.test', 'alice@example.test', 'example.test', 1),
	('team@example.test', 'bob@example.test', 'example.test', 1),
	('team@example.test', 'Carol@Example.test', 'example.test', 1),
	('team@example.test', 'one@example.test', 'example.test', 1),
	('team@example.test', 'someone@foreign.example', 'example.test', 1),
	('one@example.test', 'bob@example.test', 'example.test', 1),
	('old@example.test', 'bob@example.test', 'example.test', 1);
INSERT INTO maillists (address, domain, transport, mlid) VALUES ('list@example.test', 'example.test', 'mlmmj:example.test/list', '1');
INSERT INTO forwardings (address, forwarding, domain, is_maillist) VALUES ('list@example.test', 'list@example.test', 'example.test', 1);
INSERT INTO moderators (address, moderator, domain) VALUES ('team@example.test', 'alice@example.test', 'example.test');

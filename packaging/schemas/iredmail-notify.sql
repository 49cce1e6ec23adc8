-- iRedMail on PostgreSQL tells Mailwicket of every change, on the channel "mailwicket": with listen = mailwicket in the
-- source, `mailwicket sync --follow` reads the tables within a second of a change that was committed. As the owner of
-- the tables, and as often as you like:
--
--     sudo -u postgres psql vmail < iredmail-notify.sql
--
-- iredmail-notify-undo.sql takes it away again. A notice has no content. iRedMail works as before; a change is held up by
-- no more than a call of pg_notify(), and needs no right that it did not need before.

\set ON_ERROR_STOP on
BEGIN;
CREATE OR REPLACE FUNCTION mailwicket_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_catalog.pg_notify('mailwicket', '');
	RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS mailwicket_notify ON domain;
CREATE TRIGGER mailwicket_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON domain
	FOR EACH STATEMENT EXECUTE FUNCTION mailwicket_notify();
DROP TRIGGER IF EXISTS mailwicket_notify ON alias_domain;
CREATE TRIGGER mailwicket_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON alias_domain
	FOR EACH STATEMENT EXECUTE FUNCTION mailwicket_notify();
DROP TRIGGER IF EXISTS mailwicket_notify ON mailbox;
CREATE TRIGGER mailwicket_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON mailbox
	FOR EACH STATEMENT EXECUTE FUNCTION mailwicket_notify();
DROP TRIGGER IF EXISTS mailwicket_notify ON alias;
CREATE TRIGGER mailwicket_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON alias
	FOR EACH STATEMENT EXECUTE FUNCTION mailwicket_notify();
DROP TRIGGER IF EXISTS mailwicket_notify ON forwardings;
CREATE TRIGGER mailwicket_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON forwardings
	FOR EACH STATEMENT EXECUTE FUNCTION mailwicket_notify();
DROP TRIGGER IF EXISTS mailwicket_notify ON maillists;
CREATE TRIGGER mailwicket_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON maillists
	FOR EACH STATEMENT EXECUTE FUNCTION mailwicket_notify();
COMMIT;

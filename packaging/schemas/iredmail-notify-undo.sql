-- Takes away what iredmail-notify.sql made. Take `listen` out of the source first.

\set ON_ERROR_STOP on
BEGIN;
DROP TRIGGER IF EXISTS mailwicket_notify ON domain;
DROP TRIGGER IF EXISTS mailwicket_notify ON alias_domain;
DROP TRIGGER IF EXISTS mailwicket_notify ON mailbox;
DROP TRIGGER IF EXISTS mailwicket_notify ON alias;
DROP TRIGGER IF EXISTS mailwicket_notify ON forwardings;
DROP TRIGGER IF EXISTS mailwicket_notify ON maillists;
DROP FUNCTION IF EXISTS mailwicket_notify();
COMMIT;

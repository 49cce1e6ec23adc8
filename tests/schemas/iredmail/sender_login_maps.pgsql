# What iRedMail's sender_login_maps.cf permits (samples/postfix/pgsql): the same conditions, written anew.
query = SELECT m.username FROM mailbox m JOIN domain d ON d.domain = m.domain
  WHERE m.username = '%s' AND m.domain = '%d' AND m.enablesmtp = 1 AND m.active = 1 AND d.active = 1 AND d.backupmx = 0

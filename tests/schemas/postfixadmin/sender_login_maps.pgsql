# What the smtpd_sender_login_maps of DOCUMENTS/Postfix-Dovecot-Postgresql-Example.md permit: virtual_sender_maps.cf.
query = SELECT username FROM mailbox WHERE username = '%s' AND active

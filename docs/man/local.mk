dist_man_MANS = \
	docs/man/mailwicket.1 \
	docs/man/mailwicket-audit.1 \
	docs/man/mailwicket-import.1 \
	docs/man/mailwicket-init.1 \
	docs/man/mailwicket-sync.1 \
	docs/man/mailwicket.conf.5 \
	docs/man/mailwicket-directory.5 \
	docs/man/mailwicket-log.5 \
	docs/man/mailwicketd.8
EXTRA_DIST += docs/DESIGN.md docs/performance.md docs/receives-but-cannot-send.md docs/guides/debian-13.md docs/guides/install.md docs/guides/postfix.md

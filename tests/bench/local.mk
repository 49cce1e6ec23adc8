EXTRA_DIST += tests/bench/end-of-message tests/bench/floor.c tests/bench/floor_peers.h tests/bench/header-agreement \
	tests/bench/databases tests/bench/large-directory tests/bench/openldap tests/bench/load.c \
	tests/bench/make-directory tests/bench/milter tests/bench/milter_floor.c tests/bench/milter_libmilter.c \
	tests/bench/policy-service tests/bench/replay tests/bench/source-faults tests/bench/through-postfix

# Not in `make check`: a figure needs a machine that does nothing else.
.PHONY: bench
bench: all
	$(srcdir)/tests/bench/policy-service --build=$(abs_top_builddir)

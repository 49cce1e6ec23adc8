/* Dovecot 2.3 and 2.4 under one set of names: every difference between the generations that the modules meet is here.
   Include it before any header of Dovecot's. */
#ifndef MW_DOVECOT_COMPAT_H
#define MW_DOVECOT_COMPAT_H

#include "mailwicket-config.h"
/* Dovecot's config.h says the same of itself. */
#undef PACKAGE
#undef PACKAGE_BUGREPORT
#undef PACKAGE_NAME
#undef PACKAGE_STRING
#undef PACKAGE_TARNAME
#undef PACKAGE_URL
#undef PACKAGE_VERSION
#undef VERSION
#include <config.h>
#include "lib.h"

#endif

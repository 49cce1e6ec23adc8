/* How a module of Dovecot says its version to who reads the file: one text of printable octets, this mark and then the
   version. So it can be told without loading the module, also of one that is mapped and no longer in its folder. */
#ifndef MW_REPORT_MODULE_VERSION_H
#define MW_REPORT_MODULE_VERSION_H

#define MW_MODULE_VERSION_MARK "mailwicket module version "

#endif

/* SPDX-License-Identifier: MIT */
#include "mailwicket-config.h"

#include "report/module_version.h"

/* Nothing here reads it: `mailwicket status` does, in the file. */
__attribute__((used, retain)) static const char version[] = MW_MODULE_VERSION_MARK PACKAGE_VERSION;

/* Standard input, output and errors of a program that was started without some of them. */
#ifndef MW_BASE_STANDARD_FILES_H
#define MW_BASE_STANDARD_FILES_H

/* First of all in main(): a file that is opened later must not get the number of one of them, for what is said would be
   written into it, and a background process would close it. Those that are missing become ones that can neither be read
   nor written, so that what cannot be said is an error still. Without /dev/null it ends the process (EX_OSFILE). */
void mw_standard_files_open(void);

#endif

/* Standard input, output and errors of a program that was started without some of them. */
#ifndef MW_BASE_STANDARD_FILES_H
#define MW_BASE_STANDARD_FILES_H

/* The first call in main(). A file that is opened later must not get the number of a missing one: messages would be
   written into that file, and a background process would close it. A missing one is opened so that reading and writing
   fail, and a lost message is still an error. Without /dev/null the process ends (EX_OSFILE). */
void mw_standard_files_open(void);

#endif

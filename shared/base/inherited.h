/* What a program inherits from whoever starts it, and must not depend on. */
#ifndef MW_BASE_INHERITED_H
#define MW_BASE_INHERITED_H

/* The first call in main().
   Standard input, output and errors: a file that is opened later must not get the number of a missing one. Messages would
   be written into that file, and a background process would close it. A missing one is opened so that reading and writing
   fail, and a lost message is still an error. Without /dev/null the process ends (EX_OSFILE).
   Signals: no signal is blocked, or nothing would end the process or a program that it starts. SIGCHLD is not ignored, or
   wait(2) could not tell how a process ended (waitpid(2), NOTES). Other signals that are ignored stay so: nohup(1) means it. */
void mw_inherited_reset(void);

#endif

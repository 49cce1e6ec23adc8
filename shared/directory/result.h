/* The result of opening one of the directory's files. */
#ifndef MW_DIRECTORY_RESULT_H
#define MW_DIRECTORY_RESULT_H

enum mw_snapshot_result {
	MW_SNAPSHOT_OPEN,
	MW_SNAPSHOT_BAD,    /* will not open until the file is replaced */
	MW_SNAPSHOT_FAILED, /* may open another time: no memory, no descriptors */
	MW_SNAPSHOT_LATER,  /* the same, but it failed after the file was read: each try is expensive */
	MW_SNAPSHOT_NO_ROOM /* the process may not map so much more (RLIMIT_AS); nothing but the trailer was read */
};

#endif

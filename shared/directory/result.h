/* What became of opening one of the directory's files. */
#ifndef MW_DIRECTORY_RESULT_H
#define MW_DIRECTORY_RESULT_H

enum mw_snapshot_result {
	MW_SNAPSHOT_OPEN,
	MW_SNAPSHOT_BAD,    /* will not open until it is another file */
	MW_SNAPSHOT_FAILED  /* may open another time: no memory, no descriptors */
};

#endif

"""A disk that fails: the calls that strace lets fail, each with an error that a disk gives."""

FAULTS = [("ENOSPC", "pwrite64,pwritev,write"), ("EIO", "pwrite64,pwritev,write"), ("EIO", "fsync,fdatasync,msync"),
          ("ENOSPC", "ftruncate,fallocate"), ("EIO", "rename,renameat,renameat2"), ("EIO", "pread64")]

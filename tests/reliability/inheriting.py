"""inheriting.py DESCRIPTOR PROGRAM [ARGUMENT...]: becomes the program, which has inherited the socket with this number
as a service manager passes it on (sd_listen_fds(3))."""

import os
import sys

descriptor = int(sys.argv[1])
if descriptor != 3:
    os.dup2(descriptor, 3)
    os.close(descriptor)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])

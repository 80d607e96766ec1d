"""inheriting.py DESCRIPTOR PROGRAM [ARGUMENT...]: replaces itself by PROGRAM, which inherits the socket DESCRIPTOR as
from a service manager (sd_listen_fds(3))."""

import os
import sys

descriptor = int(sys.argv[1])
if descriptor != 3:
    os.dup2(descriptor, 3)
    os.close(descriptor)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])

"""Runs a program on a terminal: terminal.py WAIT_FOR KEYS PROGRAM ARGS...

Types KEYS once WAIT_FOR stands on the screen, prints the screen, and ends as the program did."""
import os
import pty
import select
import signal
import sys
import time

wait_for, keys, argv = sys.argv[1].encode(), sys.argv[2].encode().decode("unicode_escape").encode(), sys.argv[3:]
pid, master = pty.fork()
if pid == 0:
    os.execvp(argv[0], argv)
screen, typed, end = b"", False, time.time() + 60
while time.time() < end:
    ready, _, _ = select.select([master], [], [], 0.2)
    if ready:
        try:
            piece = os.read(master, 4096)
        except OSError:
            break
        if not piece:
            break
        screen += piece
    if not typed and wait_for in screen:
        time.sleep(0.3)
        os.write(master, keys)
        typed = True
else:
    os.kill(pid, signal.SIGKILL)
    print("terminal.py: nothing happened for a minute")
sys.stdout.write(screen.decode("utf-8", "replace").replace("\r\n", "\n"))
sys.stdout.flush()
status = os.waitpid(pid, 0)[1]
if os.WIFSIGNALED(status):
    print(f"terminal.py: ended by signal {os.WTERMSIG(status)}")
    sys.exit(128 + os.WTERMSIG(status))
sys.exit(os.WEXITSTATUS(status))

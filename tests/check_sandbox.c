/* check_sandbox.c - tries to escape from the sandbox of the command line. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../cli/cli.h"

static int refused(const char *what, long result)
{
    printf("%s: %s\n", what, result < 0 ? "refused" : "NOT REFUSED");
    return result >= 0;
}

int main(int argc, char **argv)
{
    char *none[] = { NULL };
    if (argc < 2 || !enter_sandbox(1, argv + 1))
        return 77;
    int bad = refused("write", open("/dev/null", O_WRONLY));
    bad += refused("create", open("escaped", O_WRONLY | O_CREAT, 0600));
    bad += refused("socket", socket(AF_INET, SOCK_STREAM, 0));
    bad += refused("execve", execve("/bin/true", none, none));
    bad += refused("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    bad += refused("fork", fork());
    bad += open(argv[1], O_RDONLY) < 0;
    return bad != 0;
}

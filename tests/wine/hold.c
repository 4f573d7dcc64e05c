/* Holds a file open: hold.exe PATH SHARED MILLISECONDS. SHARED is 0 for nobody else, 1 for readers, 3 for writers
 * too: never for who would replace or remove it. Says so, once it has it. */
#include <windows.h>
#include <stdio.h>
#include <wchar.h>

int wmain(int count, wchar_t **words)
{
    HANDLE held;
    if (count != 4)
        return 2;
    held = CreateFileW(words[1], GENERIC_READ, (DWORD)_wtoi(words[2]), NULL, OPEN_EXISTING, 0, NULL);
    if (held == INVALID_HANDLE_VALUE) {
        fprintf(stderr, "cannot open it: %lu\n", GetLastError());
        return 1;
    }
    puts("held");
    fflush(stdout);
    Sleep((DWORD)_wtoi(words[3]));
    CloseHandle(held);
    return 0;
}

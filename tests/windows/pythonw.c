/* pythonw.exe: the same without a window. */
#include <windows.h>
__declspec(dllimport) int Py_Main(int, wchar_t **);
int WINAPI wWinMain(HINSTANCE here, HINSTANCE before, wchar_t *line, int show) { return Py_Main(__argc, __wargv); }

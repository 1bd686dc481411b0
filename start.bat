@echo off
rem Sets hotfolder up beside this file and starts it; later, just starts it. For Windows.
rem Nothing outside this folder is changed, except the studio: Pictures\hotfolder, or the folder named.
rem
rem     start.bat [STUDIO]
rem
rem HOTFOLDER_TORCH chooses torch's build: auto (default), cpu, cu126 ...
rem HOTFOLDER_ROOM says how many GB must be free for that: 8 (default).
setlocal EnableExtensions DisableDelayedExpansion
chcp 65001 >nul
cd /d "%~dp0"
set "PYTHONUTF8=1"
set "python=%~dp0.venv\Scripts\python.exe"
set "log=%~dp0setup.log"
if not defined HOTFOLDER_TORCH set "HOTFOLDER_TORCH=auto"
if not defined HOTFOLDER_ROOM set "HOTFOLDER_ROOM=8"

if exist "%python%" "%python%" -c "import hotfolder" >nul 2>&1 && goto start

rem What is free is the third word of the last line of "dir", in every language.
set "free="
for /f "tokens=3" %%b in ('dir /-c 2^>nul') do set "free=%%b"
if defined free for /f "delims=0123456789" %%b in ("%free%") do set "free="
if not defined free goto room
set "free=%free:~0,-9%"
if not defined free set "free=0"
if %free% GEQ %HOTFOLDER_ROOM% goto room
echo.
echo Only %free% GB are free on this disk; hotfolder needs about %HOTFOLDER_ROOM% GB for its libraries.
echo Make room, or move this folder to another disk, and start this again.
goto failed

:room
echo Setting hotfolder up in %~dp0 (once; this downloads a few GB and takes some minutes) ...
type nul >"%log%"

set "uv=%~dp0.uv\uv.exe"
if not exist "%uv%" for /f "delims=" %%p in ('where uv 2^>nul') do set "uv=%%p"
if not exist "%uv%" (
    set "UV_INSTALL_DIR=%~dp0.uv"
    set "UV_NO_MODIFY_PATH=1"
    powershell -NoProfile -ExecutionPolicy Bypass -Command "irm https://astral.sh/uv/install.ps1 | iex" >>"%log%" 2>&1
)
if not exist "%uv%" if exist "%~dp0.uv\uv.exe" set "uv=%~dp0.uv\uv.exe"
if not exist "%uv%" goto plain
set "torch=--torch-backend %HOTFOLDER_TORCH%"

:with_uv
if exist .venv rmdir /s /q .venv
call "%uv%" venv --quiet --python 3.12 .venv >>"%log%" 2>&1 && call "%uv%" pip install --quiet -c constraints.txt --python "%python%" %torch% . >>"%log%" 2>&1 && goto check
if not defined UV_SYSTEM_CERTS (
    rem Virus scanners and companies that read along have certificates of their own; Windows has them.
    set "UV_SYSTEM_CERTS=1"
    set "UV_NATIVE_TLS=1"
    goto with_uv
)
if defined torch (
    rem Torch's own index cannot be reached. PyPI has a build for CPUs; "hotfolder setup" fetches another.
    set "torch="
    goto with_uv
)

:plain
echo Trying with the Python of this computer ...
if exist .venv rmdir /s /q .venv
set "found="
for %%v in (3.13 3.12 3.11) do if not defined found py -%%v -c "import venv" >nul 2>&1 && set "found=py -%%v"
if not defined found python -c "import sys, venv; sys.exit(sys.version_info < (3, 11))" >nul 2>&1 && set "found=python"
if not defined found (
    echo.
    echo There is no network, or no Python: connect to the internet and try again,
    echo or install Python 3.12 from python.org.
    goto failed
)
%found% -m venv .venv >>"%log%" 2>&1
"%python%" -m pip install --quiet --disable-pip-version-check uv >>"%log%" 2>&1 && "%python%" -m uv pip install --quiet -c constraints.txt --python "%python%" --torch-backend %HOTFOLDER_TORCH% . >>"%log%" 2>&1 && goto check
"%python%" -m pip install --quiet --disable-pip-version-check -c constraints.txt . >>"%log%" 2>&1
if errorlevel 1 (
    echo.
    echo hotfolder could not be installed; "%log%" says why.
    echo Usually it is the network or a full disk: about 8 GB must be free. Try again.
    rmdir /s /q .venv 2>nul
    goto failed
)

:check
"%python%" -c "import hotfolder" >>"%log%" 2>&1 || goto broken
"%python%" -c "import torch" >>"%log%" 2>&1 && goto start
echo.
echo torch does not start. Usually Microsoft's Visual C++ runtime is missing; install it from
echo https://aka.ms/vs/17/release/vc_redist.x64.exe and start this again.
goto failed

:broken
echo.
echo hotfolder is installed but does not start; "%log%" says why. Delete the folder .venv and try again.
goto failed

:start
set "studio=%~1"
if not defined studio for /f "delims=" %%p in ('powershell -NoProfile -Command "[Environment]::GetFolderPath('MyPictures')" 2^>nul') do set "studio=%%p\hotfolder"
if not defined studio set "studio=%USERPROFILE%\Pictures\hotfolder"
"%python%" -P -m hotfolder init "%studio%" || goto failed
if not defined HOTFOLDER_NO_WINDOW start "" explorer "%studio%"
if defined HOTFOLDER_ONCE (
    "%python%" -P -m hotfolder run --once "%studio%"
) else (
    "%python%" -P -m hotfolder run "%studio%"
)
exit /b %errorlevel%

:failed
if not defined HOTFOLDER_NO_WINDOW pause
exit /b 1

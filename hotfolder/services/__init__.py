"""What starts hotfolder by itself. One file for each service manager: systemd, launchd,
the Task Scheduler, cron.

Each has `NAME`, `offered()`, `written(task)`, `install(task)` and `uninstall(task)`.
"""

"""Fault campaigns: the real daemon under kills, full disks, power cuts, lost events, sync clients.

`kit/` holds what they share: the renderer that paints in microseconds, the launcher, what people
do to a studio, the checker that reads only the disk, the naive writer to compare with, the table.
Every other module is one campaign.
"""

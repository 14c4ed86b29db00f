"""Questions over everything: today, what runs out, what expires, what waits. Reads only."""

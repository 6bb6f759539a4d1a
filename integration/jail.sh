# Runs a server as if it had the machine to itself: jail.sh PACKAGE FOLDER PROGRAM…
# It is process 1 of a process and a mount namespace, so that all sessions end
# with it, and nothing of the real /etc changes. /opt is the unpacked package and
# /mnt the server's own folder: etc (configuration, users, keys) and home.
set -eu
mount --make-rprivate /
mount --rbind "$1" /opt
mount --rbind "$2" /mnt
for file in passwd shadow group pam.d; do mount --bind /mnt/etc/$file /etc/$file; done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd /run/pure-ftpd
mount -t tmpfs tmpfs /dev/shm # where libfaketime goes by process ids, which are small here
mount -t proc proc /proc
shift 2
for folder in /opt/lib/*-linux-gnu /opt/usr/lib/*-linux-gnu; do
	LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
done
export LD_LIBRARY_PATH
if [ -n "${FAKETIME:-}" ]; then
	LD_PRELOAD=$(echo /opt/usr/lib/*/faketime/libfaketime.so.1)
	export LD_PRELOAD
fi
"$@"
exit $? # so that this shell stays, and buries what the server leaves behind

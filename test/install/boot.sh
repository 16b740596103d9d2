# Process 1 of a machine for tests: $1 is a folder, $2 a cgroup's name, the rest what to become.
set -e
place=$1 group=$2
shift 2
mount --make-rprivate /
mount -t tmpfs -o mode=755 none "$place"
cd "$place"
mkdir up work root cgroup
# A cgroup of its own is the root of what the machine sees.
mount -t cgroup2 none cgroup
mkdir "cgroup/$group"
echo 0 >"cgroup/$group/cgroup.procs"
umount cgroup
mount -t overlay -o "lowerdir=/,upperdir=$PWD/up,workdir=$PWD/work" overlay root
cd root
mount -t proc proc proc
mount -t tmpfs -o mode=755 none run
mount -t tmpfs -o mode=1777 none tmp
mount -t tmpfs -o mode=755 none dev # systemd makes /dev/log
for device in null zero full random urandom tty; do
	touch "dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
mkdir -m 1777 dev/shm
mkdir dev/pts
mount -t devpts -o newinstance,ptmxmode=666,mode=620 none dev/pts
ln -s pts/ptmx dev/ptmx
mkdir -p .outside etc/systemd/system
pivot_root . .outside
umount -l /.outside
rmdir /.outside
exec unshare --cgroup /bin/sh -ec '
	mount -t sysfs sysfs /sys
	mount -t cgroup2 none /sys/fs/cgroup
	exec "$@"' sh "$@"

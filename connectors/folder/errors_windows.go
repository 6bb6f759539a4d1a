package folder

import "golang.org/x/sys/windows"

// silent reports whether err says that a disk or a file server does not answer.
func silent(err error) bool {
	return isOne(err, windows.ERROR_BAD_NETPATH, windows.ERROR_NETWORK_BUSY, windows.ERROR_DEV_NOT_EXIST, windows.ERROR_UNEXP_NET_ERR,
		windows.ERROR_NETNAME_DELETED, windows.ERROR_BAD_NET_NAME, windows.ERROR_SEM_TIMEOUT, windows.ERROR_NO_NET_OR_BAD_PATH,
		windows.ERROR_NETWORK_UNREACHABLE, windows.ERROR_HOST_UNREACHABLE, windows.ERROR_CONNECTION_REFUSED, windows.ERROR_NOT_READY,
		windows.ERROR_IO_DEVICE, windows.ERROR_DEVICE_NOT_CONNECTED)
}

// unstorable reports whether err says that no file can have this name there.
func unstorable(err error) bool {
	return isOne(err, windows.ERROR_INVALID_NAME, windows.ERROR_FILENAME_EXCED_RANGE)
}

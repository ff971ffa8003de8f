//go:build !windows

package report

import "syscall"

// The system's errors; fs.ErrPermission and fs.ErrNotExist cover the rest.
var systemErrors = map[SaveReason][]error{
	SaveDiskFull: {syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG},
	SaveReadOnly: {syscall.EROFS},
	SaveTooLong:  {syscall.ENAMETOOLONG},
	SaveNoFolder: {syscall.ENOTDIR},
	SaveBadName:  {syscall.EINVAL},
	SaveInUse:    {syscall.ETXTBSY},
}

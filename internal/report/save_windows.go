package report

import "syscall"

// Errors of Windows (winerror.h); fs.ErrPermission and fs.ErrNotExist cover the rest.
var systemErrors = map[SaveReason][]error{
	SaveDiskFull: {syscall.Errno(112), syscall.Errno(39)},  // ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL
	SaveReadOnly: {syscall.Errno(19)},                      // ERROR_WRITE_PROTECT
	SaveTooLong:  {syscall.Errno(206), syscall.Errno(111)}, // ERROR_FILENAME_EXCED_RANGE, ERROR_BUFFER_OVERFLOW
	SaveBadName:  {syscall.Errno(123)},                     // ERROR_INVALID_NAME
	SaveInUse:    {syscall.Errno(32), syscall.Errno(33)},   // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
}

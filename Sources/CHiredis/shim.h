#include <hiredis/hiredis.h>
#include <hiredis/read.h>
#include <hiredis/sds.h>

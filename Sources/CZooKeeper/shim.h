// The multi-threaded client: its header needs THREADED to declare the synchronous half and the locks.
#define THREADED 1
#include <zookeeper/zookeeper.h>

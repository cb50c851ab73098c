/// What a person can do about the errors that a Redis server reports by a code word.
enum ServerErrorRemedy {
  /// The remedy for a server error's first word; nil when the server's text says it all.
  static func remedy(forServerCode code: Substring) -> String? {
    switch code {
    case "NOAUTH":
      "the server wants a password: put it into the address, redis://[user:]password@host"
    case "WRONGPASS":
      "correct user and password in the address, redis://user:password@host"
    case "NOPERM":
      "allow the command and its keys to this user with ACL SETUSER"
    case "LOADING":
      "the server still reads its data from disk: it will answer when that is done"
    case "READONLY":
      "this server is a replica: give the address of the master"
    case "MASTERDOWN":
      "this replica lost its master and must not answer: repair the link, or give the address of the master"
    case "OOM":
      "the server's memory is full: raise maxmemory, or remove data"
    case "MISCONF":
      "the server cannot write to its disk: free space there, and look into the server's log"
    case "NOSCRIPT":
      "the server forgot its scripts, as after a restart: load the script and run it again"
    case "BUSY":
      "a script has run for too long: SCRIPT KILL ends it if it has written nothing"
    case "CLUSTERDOWN":
      "the cluster does not serve all its slots: look at CLUSTER INFO and CLUSTER NODES"
    case "TRYAGAIN":
      "the keys' slot is moving between cluster nodes: try again in a moment"
    case "MOVED", "ASK":
      "another cluster node serves this key: give the address of one that serves all of them"
    case "CROSSSLOT":
      "the command's keys must share one hash tag, the part between { and }"
    case "NOREPLICAS":
      "too few replicas are connected: bring them back, or lower min-replicas-to-write"
    default:
      nil
    }
  }
}

#!/usr/bin/env bash
# A real S3 server for tests: Ceph's radosgw over one monitor and one storage daemon that keeps all in memory.
#   radosgw.sh start DIR PORT    state goes below DIR, which is emptied; S3 on 127.0.0.1:PORT, the monitor on PORT + 1
#   radosgw.sh stop DIR
# Access key AKTEST, secret key SKTEST. Needs Debian's radosgw ceph-mon ceph-osd ceph-mgr ceph-common.
set -euo pipefail
action=${1:?start or stop} dir=${2:?a folder}

stop() {
  local name
  for name in client.rgw.a osd.0 mon.a; do
    [ -f "$dir/run/$name.pid" ] || continue
    kill "$(cat "$dir/run/$name.pid")" 2> /dev/null || true
  done
}

start() {
  local port=$1 fsid osd conf="$dir/ceph.conf"
  rm -rf "$dir"
  mkdir -p "$dir/mon" "$dir/osd" "$dir/rgw" "$dir/run"
  fsid=$(cat /proc/sys/kernel/random/uuid)
  osd=$(cat /proc/sys/kernel/random/uuid)
  cat > "$conf" << CONF
[global]
fsid = $fsid
mon_initial_members = a
mon_host = v1:127.0.0.1:$((port + 1))
public_addr = 127.0.0.1
ms_bind_msgr2 = false
ms_bind_port_min = $((port + 10))
ms_bind_port_max = $((port + 60))
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
run_dir = $dir/run
pid_file = $dir/run/\$name.pid
admin_socket = $dir/run/\$name.asok
log_file = $dir/\$name.log
[mon.a]
mon_data = $dir/mon
[osd]
osd_data = $dir/osd
osd_objectstore = memstore
memstore_device_bytes = 2147483648
[client.rgw.a]
rgw_data = $dir/rgw
rgw_frontends = beast endpoint=127.0.0.1:$port
CONF
  monmaptool --create --fsid "$fsid" --addv a "[v1:127.0.0.1:$((port + 1))]" "$dir/monmap"
  ceph-mon --mkfs -i a --monmap "$dir/monmap" -c "$conf"
  ceph-mon -i a -c "$conf"
  ceph -c "$conf" osd new "$osd"
  ceph-osd -i 0 --mkfs --osd-uuid "$osd" -c "$conf"
  ceph-osd -i 0 -c "$conf"
  radosgw -n client.rgw.a -c "$conf"
  radosgw-admin -c "$conf" user create --uid=test --display-name=test \
    --access-key=AKTEST --secret-key=SKTEST
  for _ in $(seq 300); do
    if curl -s -o "$dir/answer" "http://127.0.0.1:$port/"; then return; fi
    sleep 0.1
  done
  echo "radosgw does not answer on port $port" >&2
  return 1
}

case $action in
  start) start "${3:?a port}" > "$dir.log" 2>&1 || { tail -n 20 "$dir.log" >&2; stop; exit 1; } ;;
  stop) stop ;;
  *) echo "start or stop, not $action" >&2; exit 2 ;;
esac

#!/usr/bin/env bash
# A real Slurm for tests: a controller and three nodes, all on this machine, with a munge of their own.
#   slurm.sh start DIR    state goes below DIR, which is emptied; then SLURM_CONF=DIR/slurm.conf is the cluster
#   slurm.sh stop DIR
# Needs Debian's slurm-wlm and munge, and root, who owns the daemons.
set -euo pipefail
action=${1:?start or stop} dir=$(realpath -m "${2:?a folder}")
nodes=(n1 n2 n3)

# Until they have ended: what they write at their end must not meet who removes the folder.
stop() {
  local file pids=()
  for file in "$dir"/run/*.pid; do
    if [ -f "$file" ]; then pids+=("$(cat "$file")"); fi
  done
  if [ ${#pids[@]} = 0 ]; then return; fi
  kill "${pids[@]}" 2> /dev/null || true
  for _ in $(seq 50); do
    if ! ps -o stat= -p "$(IFS=,; echo "${pids[*]}")" | grep -qv '^Z'; then return; fi
    sleep 0.2
  done
}

start() {
  local host node port=17301
  host=$(hostname -s)
  rm -rf "$dir"
  mkdir -p "$dir"/{run,state,log,munge,spool}
  # munged takes no key, and no socket, that others could have put there.
  chmod 755 "$dir" "$dir/run" "$dir/munge"
  head -c 1024 /dev/urandom > "$dir/munge/key"
  chmod 400 "$dir/munge/key"
  chown -R munge "$dir/munge"
  runuser -u munge -- munged --force --key-file="$dir/munge/key" --socket="$dir/munge/socket" \
    --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" 2> /dev/null
  cp "$dir/munge/pid" "$dir/run/munge.pid"
  {
    cat << CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=17300
SlurmUser=root
AuthType=auth/munge
# A requeued task waits until its credential has expired: 2 minutes if nothing is said.
AuthInfo=socket=$dir/munge/socket,cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/run/controller.pid
SlurmdPidFile=$dir/run/%n.pid
SlurmctldLogFile=$dir/log/controller.log
SlurmdLogFile=$dir/log/%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
# What waits for others begins within seconds.
SchedulerParameters=sched_interval=1,batch_sched_delay=1,bf_interval=2
CONF
    for node in "${nodes[@]}"; do
      echo "NodeName=$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$port CPUs=4 RealMemory=16000"
      port=$((port + 1))
      mkdir -p "$dir/spool/$node"
    done
    echo 'PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP'
  } > "$dir/slurm.conf"
  export SLURM_CONF="$dir/slurm.conf"
  slurmctld -c -f "$SLURM_CONF"
  for node in "${nodes[@]}"; do slurmd -c -f "$SLURM_CONF" -N "$node"; done
  for _ in $(seq 150); do
    if [ "$(sinfo -h -t idle -o %D 2> /dev/null)" = "${#nodes[@]}" ]; then return; fi
    sleep 0.2
  done
  echo 'Slurm does not come up:' >&2
  tail -n 5 "$dir"/log/*.log >&2
  return 1
}

"$action"

// Sends a file from one process to another with Go: io.Copy on both sides, which on Linux sends with sendfile(2).
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func cpuSeconds(used *syscall.Rusage) float64 {
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

func send(address, source string) {
	peer, err := net.Dial("tcp", address)
	check(err)
	file, err := os.Open(source)
	check(err)
	_, err = io.Copy(peer, file)
	check(err)
	check(peer.Close())
}

func receive(source, target string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	sender := exec.Command(os.Args[0], "send", listener.Addr().String(), source)
	sender.Stderr = os.Stderr
	check(sender.Start())
	peer, err := listener.Accept()
	check(err)
	begin := time.Now()
	file, err := os.Create(target)
	check(err)
	size, err := io.Copy(file, peer)
	check(err)
	check(file.Close())
	taken := time.Since(begin).Seconds()
	check(sender.Wait())
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	fmt.Printf("{\"seconds\": %.6f, \"sender_cpu\": %.6f, \"receiver_cpu\": %.6f, \"bytes\": %d}\n", taken,
		cpuSeconds(sender.ProcessState.SysUsage().(*syscall.Rusage)), cpuSeconds(&used), size)
}

func main() {
	if os.Args[1] == "send" {
		send(os.Args[2], os.Args[3])
	} else {
		receive(os.Args[1], os.Args[2])
	}
}

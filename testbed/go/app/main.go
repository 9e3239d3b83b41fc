// Command app is what runs in the pods of a real node: a web server that says
// its version, and that can be slow, unready or crash when it is told to.
//
// It is built static, so that its image needs no base, and it is its own pause
// program (`app pause`), so that one layer serves every image.
//
// Environment, set by the image's configuration or by the pod:
//
//	APP_VERSION   what GET / answers
//	APP_PORT      where it listens (8080)
//	APP_START_MS  how long it does nothing before it listens
//	APP_TERM_MS   how long it goes on serving after SIGTERM
//	APP_CRASH     not empty: it exits with 1 before it listens
//
// Paths: / and /version, /ready (503 after /unready, until /ready?again),
// /slow?ms=N, /crash.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	if len(os.Args) > 1 && os.Args[1] == "pause" {
		pause(stop)
		return
	}
	if os.Getenv("APP_CRASH") != "" {
		fmt.Fprintln(os.Stderr, "app: told to crash at its start")
		os.Exit(1)
	}
	select {
	case <-stop:
		return
	case <-time.After(milliseconds(os.Getenv("APP_START_MS"))):
	}
	if err := serve(stop); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}

// pause holds a pod's namespaces open; what the pod leaves behind is reaped.
func pause(stop <-chan os.Signal) {
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	for {
		select {
		case <-stop:
			return
		case <-children:
			for {
				if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
					break
				}
			}
		}
	}
}

// serve answers until SIGTERM, and then for APP_TERM_MS more; requests that are
// being answered are finished, as every well-mannered server does it.
func serve(stop <-chan os.Signal) error {
	port := os.Getenv("APP_PORT")
	if port == "" {
		port = "8080"
	}
	server := &http.Server{Addr: ":" + port, Handler: routes(os.Getenv("APP_VERSION"))}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-stop:
	}
	time.Sleep(milliseconds(os.Getenv("APP_TERM_MS")))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func routes(version string) http.Handler {
	var unready atomic.Bool
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, version) }
	mux.HandleFunc("GET /{$}", say)
	mux.HandleFunc("GET /version", say)
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(milliseconds(r.FormValue("ms")))
		say(w, r)
	})
	mux.HandleFunc("GET /unready", func(w http.ResponseWriter, _ *http.Request) {
		unready.Store(true)
		fmt.Fprintln(w, "unready from now on")
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("again") {
			unready.Store(false)
		}
		if unready.Load() {
			http.Error(w, "unready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.HandleFunc("GET /crash", func(http.ResponseWriter, *http.Request) {
		fmt.Fprintln(os.Stderr, "app: told to crash")
		os.Exit(1)
	})
	return mux
}

func milliseconds(text string) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

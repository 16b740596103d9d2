package credential

import (
	"os"
	"sync"
	"time"
)

// maxAge is how long a token is believed without another look into its file: a
// change within the clock's tick, with the same size, shows nowhere else.
const maxAge = time.Second

// WatchedToken is a token whose file may change. Safe from any goroutine.
type WatchedToken struct {
	key, path string

	mu    sync.Mutex
	token string
	as    os.FileInfo // when it was read
	at    time.Time
}

// WatchToken reads a token for the first time.
func WatchToken(key, path string) (*WatchedToken, error) {
	w := &WatchedToken{key: key, path: path}
	_, err := w.Get()
	return w, err
}

// Get is the token that the file has now. While it can't be read that is an error.
func (w *WatchedToken) Get() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	info, err := os.Stat(w.path)
	now := time.Now()
	if err == nil && w.as != nil && now.Sub(w.at) < maxAge && os.SameFile(info, w.as) &&
		info.ModTime().Equal(w.as.ModTime()) && info.Size() == w.as.Size() {
		return w.token, nil
	}
	w.as = nil
	token, err := Token(w.key, w.path) // says what is wrong with the file
	if err != nil {
		return "", err
	}
	w.token, w.as, w.at = token, info, now
	return token, nil
}

// String shows nothing of the token.
func (w *WatchedToken) String() string { return "token in " + w.path }

// GoString shows nothing of the token either.
func (w *WatchedToken) GoString() string { return w.String() }

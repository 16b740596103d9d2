package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// User is one that the secured listeners know. The passwords are no secrets:
// they open nothing but brokers on loopback that live as long as a test.
type User struct{ Name, Password, Mechanism string }

// Security is how to reach the secured listeners. The addresses are bootstrap
// lists, 127.0.0.1:port. SASL_SSL takes all three mechanisms, SASL_PLAINTEXT
// too; SSL asks for no client certificate.
type Security struct {
	SASLSSL, SASLPlaintext, SSL []string
	// Scram256 and Scram512 are known with their own mechanism only, as is Plain.
	Scram256, Scram512, Plain User
	// CAFile (PEM) signed the brokers' certificate for 127.0.0.1 and localhost.
	// UntrustedCAFile is another authority's, which signed nothing here.
	CAFile, UntrustedCAFile string
}

func users() (scram256, scram512, plain User) {
	return User{"scram256", "open-sesame-256", "SCRAM-SHA-256"},
		User{"scram512", "open-sesame-512", "SCRAM-SHA-512"},
		User{"plain", "open-sesame-plain", "PLAIN"}
}

// scramArguments give the formatter the users that are kept as metadata.
func scramArguments() []string {
	u256, u512, _ := users()
	var args []string
	for _, u := range []User{u256, u512} {
		args = append(args, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", u.Mechanism, u.Name, u.Password))
	}
	return args
}

func securityProperties(keyStore string) map[string]string {
	_, _, plain := users()
	all := map[string]string{
		"sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
		"ssl.keystore.type":       "PEM",
		"ssl.keystore.location":   keyStore,
	}
	const scramLogin = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
	plainLogin := fmt.Sprintf("org.apache.kafka.common.security.plain.PlainLoginModule required user_%s=%q;", plain.Name, plain.Password)
	for _, name := range []string{"sasl_ssl", "sasl_plaintext"} {
		prefix := "listener.name." + name + "."
		all[prefix+"scram-sha-256.sasl.jaas.config"] = scramLogin
		all[prefix+"scram-sha-512.sasl.jaas.config"] = scramLogin
		all[prefix+"plain.sasl.jaas.config"] = plainLogin
	}
	return all
}

// authorizerProperties refuse everybody but the brokers themselves, who come
// without a name, and one user.
func authorizerProperties() map[string]string {
	super, _, _ := users()
	return map[string]string{
		"authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"super.users":           "User:ANONYMOUS;User:" + super.Name,
	}
}

func (l layout) keyStoreFile() string    { return filepath.Join(l.dir, "broker.pem") }
func (l layout) caFile() string          { return filepath.Join(l.dir, "ca.pem") }
func (l layout) untrustedCAFile() string { return filepath.Join(l.dir, "untrusted-ca.pem") }

// certificateLife is longer than any cluster's.
const certificateLife = 90 * 24 * time.Hour

type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// writeCertificates makes both authorities and the brokers' key store.
func (l layout) writeCertificates() error {
	trusted, err := newAuthority("kafkatest CA")
	if err != nil {
		return err
	}
	untrusted, err := newAuthority("kafkatest untrusted CA")
	if err != nil {
		return err
	}
	store, err := trusted.keyStore()
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		l.keyStoreFile(): store, l.caFile(): certPEM(trusted.cert.Raw), l.untrustedCAFile(): certPEM(untrusted.cert.Raw),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("write certificates: %w", err)
		}
	}
	return nil
}

func template(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}, nil
}

func newAuthority(name string) (*authority, error) {
	t, err := template(name)
	if err != nil {
		return nil, err
	}
	t.IsCA, t.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return &authority{key: key, cert: cert}, nil
}

// keyStore issues the brokers' certificate and returns it as Kafka reads a PEM
// key store: key in PKCS#8, certificate, authority, in one file.
func (a *authority) keyStore() ([]byte, error) {
	t, err := template("localhost")
	if err != nil {
		return nil, err
	}
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames, t.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return slices.Concat(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), certPEM(der), certPEM(a.cert.Raw)), nil
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

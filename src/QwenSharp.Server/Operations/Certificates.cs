using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace QwenSharp.Server.Operations;

/// <summary>The certificate of <see cref="TlsFiles"/>, read again once its file is another: renewals need no restart.</summary>
internal sealed class Certificates
{
    // Every connection asks; the file system need not be.
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(10);

    private readonly TlsFiles _files;
    private readonly Lock _gate = new();
    private SslStreamCertificateContext _current;
    private DateTime _written;
    private long _looked;

    /// <exception cref="IOException">A file is not there or is no PEM.</exception>
    public Certificates(TlsFiles files)
    {
        _files = files;
        (_current, _written, _looked) = (Read(), Written(), Environment.TickCount64);
    }

    /// <summary>What a connection is opened with.</summary>
    public SslServerAuthenticationOptions Options => new() { ServerCertificateContext = Current };

    private SslStreamCertificateContext Current
    {
        get
        {
            lock (_gate)
            {
                if (Environment.TickCount64 - _looked >= Trust.TotalMilliseconds)
                {
                    _looked = Environment.TickCount64;
                    ReadAnew();
                }

                return _current;
            }
        }
    }

    // Certificate and key may be replaced one after the other: until they fit, the old ones serve.
    private void ReadAnew()
    {
        try
        {
            if (Written() is var written && written != _written)
                (_current, _written) = (Read(), written);
        }
        catch (IOException)
        {
        }
    }

    private DateTime Written()
    {
        DateTime certificate = File.GetLastWriteTimeUtc(_files.Certificate), key = File.GetLastWriteTimeUtc(_files.Key);
        return certificate > key ? certificate : key;
    }

    private SslStreamCertificateContext Read()
    {
        try
        {
            X509Certificate2Collection all = [];
            all.ImportFromPemFile(_files.Certificate);
            X509Certificate2 own = X509Certificate2.CreateFromPemFile(_files.Certificate, _files.Key);
            return SslStreamCertificateContext.Create(own, all, offline: true);
        }
        catch (Exception fault) when (fault is CryptographicException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"'{_files.Certificate}' with '{_files.Key}' is no certificate with its key in PEM: {fault.Message}", fault);
        }
    }
}

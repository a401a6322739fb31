namespace QwenSharp.Server.Http;

/// <summary>Leaves it to the caller when the server ends; ASP.NET's own lifetime would take Ctrl-C and SIGTERM for itself.</summary>
internal sealed class CallerLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.OpenAI;

namespace QwenSharp.Server;

/// <summary>
/// Models behind OpenAI's HTTP protocol. Requests of all clients are sequences of one batch. There is no CORS: web pages of other
/// origins cannot read replies.
/// </summary>
public sealed class QwenServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private QwenServer(WebApplication app) => _app = app;

    /// <summary>Where the server listens, with the port that it got.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Stops taking requests, lets running ones end within <see cref="ServerOptions.DrainTime"/>, and returns.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    internal static async Task<QwenServer> StartAsync(ServerOptions options, IReadOnlyList<ServedModel> models, CancellationToken cancellationToken)
    {
        WebApplication app = Build(options, new ModelCatalog(models));
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            return new QwenServer(app);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static WebApplication Build(ServerOptions options, ModelCatalog models)
    {
        // An empty builder: no configuration files or environment variables of the place where the server happens to be started.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxRequestBytes;
            Listen(kestrel, options);
        });
        builder.Logging
            .AddSimpleConsole(console => console.SingleLine = true)
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter(typeof(RequestLog).FullName, options.LogRequests ? LogLevel.Information : LogLevel.None);
        builder.Services
            .Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
            .Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTime + TimeSpan.FromSeconds(5))
            .AddRoutingCore()
            .AddSingleton<IHostLifetime, CallerLifetime>()
            .AddSingleton(options)
            .AddSingleton<Shutdown>()
            .AddSingleton<FaultDescriber>();

        WebApplication app = builder.Build();
        app.Use(next => new RequestLog(next, Log<RequestLog>(app)).InvokeAsync);
        app.Use(next => new ErrorReplies(next, app.Services.GetRequiredService<FaultDescriber>(), Log<ErrorReplies>(app)).InvokeAsync);
        if (LoopbackGuard.IsLoopback(options.Host))
            app.Use(next => new LoopbackGuard(next).InvokeAsync);

        if (options.ApiKey is { } key)
            app.Use(next => new ApiKeyGuard(next, key).InvokeAsync);

        Map(app, models);
        return app;
    }

    private static void Map(WebApplication app, ModelCatalog models)
    {
        ReplySender replies = new(app.Services.GetRequiredService<FaultDescriber>(), app.Services.GetRequiredService<Shutdown>());
        ModelsEndpoint list = new(models);
        app.MapGet("/health", Health.AnswerAsync);
        app.MapGet("/v1/models", list.ListAsync);
        app.MapGet($"/v1/models/{{**{ModelsEndpoint.IdParameter}}}", list.ShowAsync);
        app.MapPost("/v1/chat/completions", new ChatCompletionsEndpoint(models, replies).InvokeAsync);
        app.MapPost("/v1/completions", new CompletionsEndpoint(models, replies).InvokeAsync);
    }

    private static void Listen(Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions kestrel, ServerOptions options)
    {
        if (options.Host is "*" or "+")
            kestrel.ListenAnyIP(options.Port);
        else if (IPAddress.TryParse(options.Host, out IPAddress? address))
            kestrel.Listen(address, options.Port);
        else if (options.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.Listen(IPAddress.Loopback, options.Port);
        else
            throw new ArgumentException($"The host '{options.Host}' is neither an IP address nor 'localhost' nor '*'.", nameof(options));
    }

    private static ILogger<T> Log<T>(WebApplication app) => app.Services.GetRequiredService<ILogger<T>>();
}

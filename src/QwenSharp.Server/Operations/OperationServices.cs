using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Operations;

/// <summary>What operating a server takes: its log, its metrics, its limits, TLS and CORS.</summary>
internal static class OperationServices
{
    /// <summary>Adds them to a server that is being built.</summary>
    public static void Add(WebApplicationBuilder builder, ServerOptions options, ModelCatalog models)
    {
        builder.Services
            .AddSingleton<Shutdown>()
            .AddSingleton(services => new ServerMetrics(() => models.Activities, () => services.GetRequiredService<Shutdown>().Running))
            .AddSingleton(services => new PrometheusText(services.GetRequiredService<ServerMetrics>().Meter))
            .Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (options.CorsOrigins.Count > 0)
            builder.Services.AddCors();

        if (options.LogFormat == LogFormat.Json)
        {
            builder.Logging.AddJsonConsole(console =>
            {
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
                console.UseUtcTimestamp = true;
            });
        }
        else
        {
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        }
    }

    /// <summary>Holds what clients send to the limits.</summary>
    public static void Limit(KestrelServerOptions kestrel, ServerOptions options)
    {
        ConnectionLimits limits = options.Limits;
        kestrel.Limits.MaxRequestBodySize = options.MaxRequestBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = limits.HeaderTime;
        kestrel.Limits.KeepAliveTimeout = limits.IdleTime;
        kestrel.Limits.MaxConcurrentConnections = limits.Connections;
        kestrel.Limits.MinRequestBodyDataRate =
            limits.BodyRate > 0 ? new MinDataRate(limits.BodyRate, gracePeriod: TimeSpan.FromSeconds(5)) : null;
    }

    /// <summary>Encrypts the connections of an address, where the server has a certificate.</summary>
    public static void Encrypt(ListenOptions listen, Certificates? certificates)
    {
        if (certificates is not null)
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificates.Options) });
    }

    /// <summary>Lets pages of the named origins read replies. Before the key: browsers ask first without one.</summary>
    public static void UseCors(WebApplication app, ServerOptions options)
    {
        if (options.CorsOrigins.Count == 0)
            return;

        app.UseCors(policy =>
        {
            if (options.CorsOrigins.Contains("*"))
                policy.AllowAnyOrigin();
            else
                policy.WithOrigins([.. options.CorsOrigins]);

            policy
                .AllowAnyHeader()
                .AllowAnyMethod()
                .WithExposedHeaders(
                    AnswerWatch.CacheHeader, RouteHeaders.Route, RouteHeaders.Dropped, "x-request-id", "request-id", "Retry-After");
        });
    }

    /// <summary>Adds the routes of health and metrics.</summary>
    public static void Map(WebApplication app, ServerOptions options)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        app.MapMethods(Health.Path, methods, Health.AnswerAsync);
        app.MapMethods(Health.Live, methods, Health.AnswerAsync);
        app.MapMethods(Health.Ready, methods, Health.AnswerReadyAsync);
        if (!options.Metrics)
            return;

        // It adds up from its making on.
        app.Services.GetRequiredService<PrometheusText>();
        app.MapMethods(MetricsEndpoint.Path, methods, MetricsEndpoint.AnswerAsync);
    }
}

using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace QwenSharp.Cli.Telemetry;

/// <summary>
/// Sends what a server measures, and a trace of each request, to a collector by OTLP over HTTP in protobuf. The further variables that
/// OpenTelemetry names (headers, intervals, sampling) count too.
/// </summary>
internal sealed class OtlpExport : IDisposable
{
    private const string Name = "qwensharp";

    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;

    /// <param name="endpoint">The collector's address, without a signal's path.</param>
    public OtlpExport(Uri endpoint)
    {
        string version = typeof(OtlpExport).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        ResourceBuilder server = ResourceBuilder.CreateDefault().AddService(Name, serviceVersion: version.Split('+')[0]);
        _metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(server)
            .AddMeter("QwenSharp.Server")
            .AddOtlpExporter(exporter => Aim(exporter, endpoint, "v1/metrics"))
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(server)
            .AddSource("Microsoft.AspNetCore")
            .AddOtlpExporter(exporter => Aim(exporter, endpoint, "v1/traces"))
            .Build();
    }

    /// <summary>Sends what is left, for as long as a collector that answers takes.</summary>
    public void Dispose()
    {
        _traces.Dispose();
        _metrics.Dispose();
    }

    private static void Aim(OtlpExporterOptions exporter, Uri endpoint, string signal)
    {
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{signal}");
    }
}

using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using QwenSharp.Server.Anthropic;
using QwenSharp.Server.Batches;
using QwenSharp.Server.Callers;
using QwenSharp.Server.DashScope;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Ollama;
using QwenSharp.Server.OpenAI;
using QwenSharp.Server.Operations;
using QwenSharp.Server.SelfHosted;

namespace QwenSharp.Server;

/// <summary>
/// Models behind HTTP, in the protocols of <see cref="IDialect"/>. Requests of all clients are sequences of one batch. Web pages of other
/// origins cannot read replies, but for those of <see cref="ServerOptions.CorsOrigins"/>.
/// </summary>
public sealed class QwenServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ModelCatalog _models;
    private readonly RoutedModels _routes;
    private readonly ServerState? _state;
    private readonly BatchRunner? _batches;

    private QwenServer(WebApplication app, ModelCatalog models, RoutedModels routes, ServerState? state, BatchRunner? batches)
    {
        _app = app;
        _models = models;
        _routes = routes;
        _state = state;
        _batches = batches;
    }

    /// <summary>Where the server listens, with the port that it got.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>The names of the models that it started with.</summary>
    public IReadOnlyList<string> Models => [.. _models.Given.Select(model => model.Name)];

    /// <summary>What was read in these models' files as something else than they say; a sentence each, after the model's name.</summary>
    public IReadOnlyList<string> Repairs => _models.Repairs;

    /// <summary>Loads the models, listens, and serves until it is cancelled; then ends as <see cref="StopAsync"/> does.</summary>
    /// <param name="options">What to serve, and where.</param>
    /// <param name="started">Told once, when requests are taken.</param>
    /// <param name="cancellationToken">Ends the server.</param>
    /// <inheritdoc cref="StartAsync(ServerOptions, CancellationToken)" path="/exception"/>
    public static async Task RunAsync(
        ServerOptions options,
        Action<QwenServer>? started = null,
        CancellationToken cancellationToken = default)
    {
        QwenServer server = await StartAsync(options, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable disposal = server.ConfigureAwait(false);
        started?.Invoke(server);
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Loads the models and listens.</summary>
    /// <param name="options">What to serve, and where.</param>
    /// <param name="cancellationToken">Gives up; a model that is being loaded is loaded to its end.</param>
    /// <exception cref="ArgumentException">There is no model, two have one name, an alias stands for none, a provider lacks a setting, or
    /// the host is no address.</exception>
    /// <exception cref="ServerOpenException">It would listen to other machines without a key.</exception>
    /// <exception cref="IOException">A file is missing or damaged, the state cannot be opened, or the port is taken.</exception>
    /// <exception cref="InvalidDataException">A file has no weights or no tokenizer. <see cref="QwenModel.Load"/> tells more that may be
    /// wrong.</exception>
    public static async Task<QwenServer> StartAsync(ServerOptions options, CancellationToken cancellationToken = default)
    {
        ModelCatalog models = Catalog(options, new QwenModelLoader(options.Machine, options.Notices.Tell), TimeProvider.System);
        try
        {
            foreach ((int number, ModelSource source) in options.Models.Index())
            {
                cancellationToken.ThrowIfCancellationRequested();
                await models
                    .StartAsync(new ModelDescription($"given:{number}", source.Path, source.Options ?? new QwenModelOptions(), Stays: true))
                    .ConfigureAwait(false);
            }

            return await StartAsync(options, models, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await models.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Refuses new requests, lets running ones end within <see cref="ServerOptions.DrainTime"/>, and returns.</summary>
    public async Task StopAsync()
    {
        await _app.Services.GetRequiredService<Shutdown>().DrainAsync().ConfigureAwait(false);
        await _app.StopAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Lines of batches have no client who waits for them: they are asked again.
        if (_batches is not null)
            await _batches.DisposeAsync().ConfigureAwait(false);

        await StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _routes.Dispose();
        await _models.DisposeAsync().ConfigureAwait(false);
        if (_state is not null)
            await _state.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Serves models that are there already.</summary>
    /// <param name="options">Where to serve; its own models are not looked at.</param>
    /// <param name="models">What to serve.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="further">Dialects to speak beside those of the product.</param>
    internal static Task<QwenServer> StartAsync(
        ServerOptions options,
        IReadOnlyList<ServedModel> models,
        CancellationToken cancellationToken,
        params IReadOnlyList<IDialect> further)
    {
        ModelCatalog catalog = Catalog(options, new QwenModelLoader(options.Machine, options.Notices.Tell), TimeProvider.System);
        foreach (ServedModel model in models)
        {
            catalog.Start(new LiveModel([model], [], () =>
            {
                model.Dispose();
                return ValueTask.CompletedTask;
            }));
        }

        return StartAsync(options, catalog, cancellationToken, further);
    }

    /// <summary>Serves the models of a catalog, which the server disposes at its end.</summary>
    internal static async Task<QwenServer> StartAsync(
        ServerOptions options, ModelCatalog models, CancellationToken cancellationToken, params IReadOnlyList<IDialect> further)
    {
        if (models.Given.Count == 0 && options.Library is null && options.Gateway.IsEmpty)
            throw new ArgumentException("A server needs at least one model.", nameof(models));

        RoutedModels routes = new(options.Gateway, models, TimeProvider.System);
        models.Join(routes);
        models.CheckAliases();
        DialectSet dialects = new(
            [
                new OpenAIDialect(), new AnthropicDialect(), new OllamaDialect(), new SelfHostedDialect(), new DashScopeDialect(),
                .. further,
            ]);
        (WebApplication app, ServerState? state, BatchRunner? batches) = Build(options, models, routes, dialects);
        try
        {
            if (state is not null)
                await state.Database.CheckAsync(cancellationToken).ConfigureAwait(false);

            await RequireKeysAsync(options, state?.Keys, cancellationToken).ConfigureAwait(false);
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            batches?.Start();
            return new QwenServer(app, models, routes, state, batches);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            routes.Dispose();
            if (state is not null)
                await state.DisposeAsync().ConfigureAwait(false);

            throw;
        }
    }

    /// <summary>A catalog without models yet.</summary>
    internal static ModelCatalog Catalog(ServerOptions options, IModelLoader loader, TimeProvider time) => new(
        loader,
        options.Library is { } library ? new ModelLibrary(library) : null,
        new ModelAliases(options.Aliases),
        options.KeepAlive,
        time);

    private static (WebApplication App, ServerState? State, BatchRunner? Batches) Build(
        ServerOptions options, ModelCatalog models, RoutedModels routes, DialectSet dialects)
    {
        // An empty builder: no configuration files or environment variables of the place where the server happens to be started.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            OperationServices.Limit(kestrel, options);
            Listen(kestrel, options, dialects);
        });
        builder.Logging
            .SetMinimumLevel(LogLevel.Warning)
            // A host that cannot start throws; its log would tell the same again, with the stack.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddFilter(typeof(RequestLog).FullName, options.LogRequests || options.LogPrompts ? LogLevel.Information : LogLevel.None);
        builder
            .Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5))
            .AddRoutingCore()
            .AddSingleton<MatcherPolicy, DialectPolicy>()
            .AddRequestDecompression()
            .AddSingleton<IHostLifetime, CallerLifetime>()
            .AddSingleton(options)
            .AddSingleton(models)
            .AddSingleton<FaultDescriber>();

        OperationServices.Add(builder, options, models);
        WebApplication app = builder.Build();
        options.Notices.WriteTo(Log<QwenModel>(app));
        ServerState? state = options.State is { } place
            ? ServerState.At(place, app.Services.GetRequiredService<ILoggerFactory>())
            : null;
        ServerMetrics metrics = app.Services.GetRequiredService<ServerMetrics>();
        app.Use(next => http => ClientPresence.AnswerAsync(http, next));
        app.Use(next => new RequestLog(next, Log<RequestLog>(app), metrics).InvokeAsync);
        FaultDescriber faults = app.Services.GetRequiredService<FaultDescriber>();
        app.Use(next => new ErrorReplies(next, dialects, faults, Log<ErrorReplies>(app)).InvokeAsync);
        app.Use(next => new DrainGuard(next, app.Services.GetRequiredService<Shutdown>()).InvokeAsync);
        OperationServices.UseCors(app, options);
        if (LoopbackGuard.IsLoopback(options.Host))
            app.Use(next => new LoopbackGuard(next).InvokeAsync);

        app.Use(next => new ApiKeyGuard(next, options, state?.Keys, models.Callers, dialects, TimeProvider.System).InvokeAsync);

        // Behind the key: nobody unknown has anything unpacked. What is unpacked is held to the limit of bodies too.
        app.UseRequestDecompression();
        OperationServices.Map(app, options);
        BatchRunner? batches = state is null ? null : new BatchRunner(state, models, app.Services, Log<BatchRunner>(app));
        ReplySender replies = new(faults, app.Services.GetRequiredService<Shutdown>(), options);
        dialects.Map(
            app, new DialectService(models, routes, replies, new ChangeGuard(options, models.Callers), state?.Database, batches));
        return (app, state, batches);
    }

    /// <exception cref="ArgumentException">Other machines would be let in without a key.</exception>
    private static async Task RequireKeysAsync(ServerOptions options, KeyRing? keys, CancellationToken cancellationToken)
    {
        if (options.ApiKey is null
            && !options.OpenToAll
            && !LoopbackGuard.IsLoopback(options.Host)
            && !(keys is not null && await keys.AnyAsync(cancellationToken).ConfigureAwait(false)))
        {
            throw new ServerOpenException(options.Host);
        }
    }

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options, DialectSet dialects)
    {
        Certificates? certificates = options.Tls is { } tls ? new Certificates(tls) : null;

        // The refusals of the web server are written into what is encrypted.
        void Use(ListenOptions listen)
        {
            OperationServices.Encrypt(listen, certificates);
            listen.Use(next => RefusalWriter.Use(next, dialects.Refuse));
            if (certificates is null)
                listen.Use(ClientPresence.Use);
        }

        if (options.Host is "*" or "+")
            kestrel.ListenAnyIP(options.Port, Use);
        else if (IPAddress.TryParse(options.Host, out IPAddress? address))
            kestrel.Listen(address, options.Port, Use);
        else if (options.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.Listen(IPAddress.Loopback, options.Port, Use);
        else
            throw new ArgumentException($"The host '{options.Host}' is neither an IP address nor 'localhost' nor '*'.", nameof(options));
    }

    private static ILogger<T> Log<T>(WebApplication app) => app.Services.GetRequiredService<ILogger<T>>();
}
